#pragma once

#include <vector>

namespace linear {

class Matrix {
 public:
  Matrix(int rows, int columns);
  double at(int row, int column) const;
  Matrix times(const Matrix &other) const;

 private:
  int rows_, columns_;
  std::vector<double> values_;
};

}  // namespace linear
