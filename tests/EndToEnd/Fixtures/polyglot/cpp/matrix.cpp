#include "matrix.hpp"

#include <stdexcept>

namespace linear {

Matrix::Matrix(int rows, int columns)
    : rows_(rows), columns_(columns), values_(rows * columns) {}

double Matrix::at(int row, int column) const {
  if (row < 0 || row >= rows_ || column < 0 || column >= columns_) {
    throw std::out_of_range("no such element");
  }
  return values_[row * columns_ + column];
}

Matrix Matrix::times(const Matrix &other) const {
  Matrix result(rows_, other.columns_);
  for (int i = 0; i < rows_; i++) {
    for (int j = 0; j < other.columns_; j++) {
      for (int k = 0; k < columns_; k++) {
        result.values_[i * other.columns_ + j] += at(i, k) * other.at(k, j);
      }
    }
  }
  return result;
}

}  // namespace linear
